"""Shapes of pharmacies and of what is reported of them."""

from marshmallow import fields, validate

from backend.core.pagination import PageQuery, page_schema
from backend.core.schemas import Schema, place_code, written

DISEASES = validate.Length(max=30)


class PharmacyChangeSchema(Schema):
    name = written(40)
    address = written(80)
    diseases = fields.List(
        written(20), validate=DISEASES, metadata={"description": "重症慢病定点的病种 what it is designated for"}
    )
    cold = fields.Boolean(metadata={"description": "供应冷藏药品 it keeps what must stay cold"})
    opens_at = fields.Time(format="%H:%M")
    closes_at = fields.Time(format="%H:%M")


class NewPharmacySchema(PharmacyChangeSchema):
    place_code = place_code(required=True)
    name = written(40, required=True)
    address = written(80, required=True)
    diseases = fields.List(written(20), load_default=list, validate=DISEASES)
    cold = fields.Boolean(load_default=False)
    opens_at = fields.Time(format="%H:%M", required=True)
    closes_at = fields.Time(format="%H:%M", required=True)


class UpdatePharmacySchema(PharmacyChangeSchema):
    revision = fields.Integer(required=True, strict=True)
    closed_on = fields.Date(allow_none=True, metadata={"description": "停业日期 no longer in business from then on"})


class NewStockReportSchema(Schema):
    name = written(80, required=True)
    maker = written(80, load_default=None, allow_none=True)
    specification = written(80, load_default=None, allow_none=True)
    has = fields.Boolean(required=True, metadata={"description": "有货还是缺货 there, or not"})


class StockReportSchema(NewStockReportSchema):
    id = fields.UUID()
    seen_at = fields.AwareDateTime()


class NewQueueReportSchema(Schema):
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(0, 600))


class QueueReportSchema(NewQueueReportSchema):
    id = fields.UUID()
    seen_at = fields.AwareDateTime()


class PharmacySchema(NewPharmacySchema):
    id = fields.UUID()
    revision = fields.Integer()
    queue_minutes = fields.Integer(allow_none=True, metadata={"description": "最近三小时内的排队时间"})
    stock = fields.List(
        fields.Nested(StockReportSchema), metadata={"description": "最近一天内看到的 what was seen lately"}
    )


PharmacyPageSchema = page_schema(PharmacySchema)
PharmacyQuery = PageQuery

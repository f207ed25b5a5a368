/** Words for what the register gives as codes. */
export const KINDS: Record<string, string> = {
  city: "市",
  district: "区",
  subdistrict: "街道",
  township: "乡镇",
  community: "社区",
  village: "村",
  compound: "小区",
};

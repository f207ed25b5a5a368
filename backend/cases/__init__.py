"""Cases: who was confirmed, suspected or a contact, charged to which place; tables `health_case`, `case_event`."""

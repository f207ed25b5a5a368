"""Demo: Machidun community (马池墩社区) with its people and fourteen days of records. Only with DEMO_MODE."""

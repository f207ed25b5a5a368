"""Who carries what this evening, and how the packs move: a coordinator asks for a plan, changes it and applies it, and
opens a line for a mass distribution; tables `evening_plan`, `evening_carry`, `assembly_line`, `line_count`."""

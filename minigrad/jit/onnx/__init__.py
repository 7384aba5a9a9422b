"""Graphs as ONNX models: written (build, formulas, table, emit_*, export) and read (limits, protos, read_*, importing)."""

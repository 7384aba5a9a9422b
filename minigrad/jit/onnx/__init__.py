"""Graphs as ONNX models. Written: build, formulas, table, emit_*, export. Read: limits, protos, read_*, importing."""

"""What some tasks hide until they are solved. Looking is allowed, and spoils only your own fun."""

# Lesson 00: draw the same graph. Made from text, so that the picture cannot show the line that it came from.
mystery = eval("lambda p, q: (p * q).tanh() + q")

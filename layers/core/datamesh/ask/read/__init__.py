"""From a question's words to readings: a typed grammar makes forms, `resolve` finds what they mean in the schema."""

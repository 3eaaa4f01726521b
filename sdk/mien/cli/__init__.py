"""The command line: a thin skin over the verbs. Nothing heavy is imported before it is used."""

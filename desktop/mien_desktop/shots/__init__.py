"""The shots of the document: a list with a picture and the state of each."""

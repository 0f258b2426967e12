"""A question answered with the documents' own words, each cited by its exact place."""

"""The inventory in the form of the RGIK community, and a validator for anybody's file of that form."""

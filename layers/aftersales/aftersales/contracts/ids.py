"""What an id looks like. Apart from the fields of bodies, for policies are read where no body is."""

# Ids end up in keys of tables and of the object store, so their alphabet is small and has no separators.
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"

"""How `build-debs` turns a folder of packaging/ into a .deb."""

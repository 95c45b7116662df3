"""The portal's pages: templates, one stylesheet, three small scripts; served as they are, no build step."""

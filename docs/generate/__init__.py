"""The pages that are made from the code: each module has pages() → {file in the site's source: its text}."""

//! Statistics that judging needs, each from a named source.

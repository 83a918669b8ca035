//! What the fuzz targets do with an input, each in a module of its name. They panic where something is wrong.

pub mod frame;
pub mod lz4;
pub mod parse;

//! The bytes of konserve-ts between value and backend. JavaScript walks values, this does bytes; they meet in memory that
//! both see. Every function takes offsets into it, and the regions are `input`, `output` and the tape.

pub mod memory;
mod numbers;
mod padded;
mod parse;
mod shapes;
mod tape;

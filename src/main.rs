mod base;
mod formats;

fn main() {}

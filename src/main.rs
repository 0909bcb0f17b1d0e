#![allow(dead_code)]
mod base;
mod formats;

fn main() {}

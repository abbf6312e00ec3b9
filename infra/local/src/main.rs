//! `callbox-local`: the platform on one machine.

fn main() {}

//! Prints the API's description, for whoever checks it or makes a client of it.

#![expect(clippy::print_stdout, reason = "that is what it is for")]

fn main() -> Result<(), serde_json::Error> {
    println!("{}", functions::calls::document().to_pretty_json()?);
    Ok(())
}

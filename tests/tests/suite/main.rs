//! Whole conversations with the engine in simulated time, and the rules of the house.

mod common;
mod conversation;
mod halves;
mod hints;
mod house;
mod keys;
mod machines;
mod orders;
mod simulation;
mod streams;
mod tools;
mod trouble;

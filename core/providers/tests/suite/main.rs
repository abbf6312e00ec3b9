//! Every provider's protocol against recorded shapes, cut everywhere.

mod adapters_law;
mod corpus;
mod desk;
mod exchanges;
mod law;
mod listening;
mod listening_law;
mod road;
mod speak;
mod speaking;
mod think;
mod uploads;

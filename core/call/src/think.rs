//! think

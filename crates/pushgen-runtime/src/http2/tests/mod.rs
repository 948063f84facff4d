//! The driver as a client meets it.

mod delivery;
mod site;

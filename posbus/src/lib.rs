//! posbus

//! Figures as SVG: lines or points with error bars or bands, fit for a paper.

mod axis;
mod figure;
mod layout;
mod series;
mod svg;
#[cfg(test)]
mod tests;

pub(crate) use axis::Kind;
pub(crate) use figure::Figure;
pub(crate) use series::{Centre, Point, Position, Series, Spread, gather, series_of};

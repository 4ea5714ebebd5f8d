//! A table as a Parquet file: typed columns for programs that compute.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use xpm_core::state::table::{Cell, Table};

/// How many rows are written at once: a reader can skip the others.
const GROUP: usize = 1 << 20;

/// What the cells of a column are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    /// Integers of which none is below zero, and one above the largest [`Int`](Self::Int).
    Unsigned,
    Float,
    Text,
}

impl Kind {
    /// The narrowest that holds every cell; integers among floats are floats, anything among texts is a text.
    fn of<'c>(cells: impl Iterator<Item = &'c Cell> + Clone) -> Self {
        let kind = |cell: &Cell| match cell {
            Cell::Nothing => None,
            Cell::Bool(_) => Some(Self::Bool),
            Cell::Int(_) => Some(Self::Int),
            Cell::Large(_) => Some(Self::Unsigned),
            Cell::Float(_) => Some(Self::Float),
            Cell::Text(_) | Cell::Huge(_) => Some(Self::Text),
        };
        let both = |a: Self, b: Self| match (a, b) {
            _ if a == b => a,
            (Self::Int, Self::Unsigned) | (Self::Unsigned, Self::Int) => Self::Unsigned,
            (Self::Int | Self::Unsigned, Self::Float) | (Self::Float, Self::Int | Self::Unsigned) => Self::Float,
            _ => Self::Text,
        };
        let kind = cells.clone().filter_map(kind).reduce(both).unwrap_or(Self::Text);
        let below_zero = cells.filter(|cell| matches!(cell, Cell::Int(i) if *i < 0)).count();
        if kind == Self::Unsigned && below_zero > 0 { Self::Text } else { kind }
    }

    fn field(self, name: &str) -> Result<Type, ParquetError> {
        let physical = match self {
            Self::Bool => Physical::BOOLEAN,
            Self::Int | Self::Unsigned => Physical::INT64,
            Self::Float => Physical::DOUBLE,
            Self::Text => Physical::BYTE_ARRAY,
        };
        let logical = match self {
            Self::Text => Some(LogicalType::String),
            Self::Unsigned => Some(LogicalType::integer(64, false)),
            _ => None,
        };
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
    }
}

/// Writes the columns `columns` of a table; what a row does not have is null.
///
/// # Errors
/// If `to` cannot be written to.
pub(crate) fn write(to: impl Write + Send, table: &Table, columns: &[usize]) -> Result<(), ParquetError> {
    let columns: Vec<_> = columns.iter().map(|place| &table.columns()[*place]).collect();
    let kinds: Vec<Kind> = columns.iter().map(|column| Kind::of(column.cells.kinds())).collect();
    let fields = columns.iter().zip(&kinds).map(|(column, kind)| kind.field(&column.name).map(Arc::new));
    let schema = Type::group_type_builder("results").with_fields(fields.collect::<Result<_, _>>()?).build()?;
    let properties = WriterProperties::builder().set_created_by(format!("xpm {}", env!("CARGO_PKG_VERSION"))).build();
    let mut file = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties))?;
    for begin in (0..table.len()).step_by(GROUP) {
        let mut group = file.next_row_group()?;
        for (column, kind) in columns.iter().zip(&kinds) {
            let cells = column.cells.iter().skip(begin).take(GROUP);
            match kind {
                Kind::Bool => {
                    column_of::<BoolType, _>(&mut group, cells, |cell| matches!(cell, Cell::Bool(true)))?;
                }
                Kind::Int | Kind::Unsigned => {
                    column_of::<Int64Type, _>(&mut group, cells, |cell| match cell {
                        Cell::Int(i) => *i,
                        Cell::Large(i) => i.cast_signed(),
                        _ => 0,
                    })?;
                }
                Kind::Float => {
                    column_of::<DoubleType, _>(&mut group, cells, |cell| cell.number().unwrap_or(f64::NAN))?;
                }
                Kind::Text => {
                    column_of::<ByteArrayType, _>(&mut group, cells, |cell| match cell {
                        Cell::Text(text) => ByteArray::from(&**text),
                        other => ByteArray::from(other.to_string().as_str()),
                    })?;
                }
            }
        }
        group.close()?;
    }
    file.close().map(drop)
}

/// Writes the next column of a group.
fn column_of<'c, D: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    cells: impl Iterator<Item = &'c Cell> + Clone,
    value: impl Fn(&Cell) -> D::T,
) -> Result<(), ParquetError> {
    let there = |cell: &&Cell| **cell != Cell::Nothing;
    let levels: Vec<i16> = cells.clone().map(|cell| i16::from(there(&cell))).collect();
    let values: Vec<D::T> = cells.filter(there).map(value).collect();
    if let Some(mut column) = group.next_column()? {
        column.typed::<D>().write_batch(&values, Some(&levels), None)?;
        column.close()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_narrow_as_its_cells_allow() {
        let text = |text: &str| Cell::Text(text.into());
        for (cells, kind) in [
            (vec![Cell::Int(1), Cell::Nothing, Cell::Int(2)], Kind::Int),
            (vec![Cell::Int(1), Cell::Float(0.5)], Kind::Float),
            (vec![Cell::Int(1), Cell::Large(u64::MAX)], Kind::Unsigned),
            (vec![Cell::Large(u64::MAX), Cell::Int(-1)], Kind::Text),
            (vec![Cell::Large(u64::MAX), Cell::Float(0.5)], Kind::Float),
            (vec![Cell::Int(1), Cell::Huge(Box::new(1 << 70))], Kind::Text),
            (vec![Cell::Nothing, Cell::Bool(true)], Kind::Bool),
            (vec![Cell::Bool(true), Cell::Int(1)], Kind::Text),
            (vec![Cell::Float(0.5), text("x"), Cell::Float(1.0)], Kind::Text),
            (vec![Cell::Nothing], Kind::Text),
        ] {
            assert_eq!(Kind::of(cells.iter()), kind, "{cells:?}");
        }
    }
}

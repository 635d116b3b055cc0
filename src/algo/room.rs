//! Room for buffers that grow with rows, columns, checks or the length of texts. Where there is none, [`Vec::reserve`] ends the process,
//! and with a database server's process everybody's session; these functions return an error.

use super::error::{Error, Result};
use super::monitor::Monitor;

/// Makes room for `more` values behind those that are there, and for so many others that appending takes constant time a value.
#[inline]
pub fn reserve<T>(values: &mut Vec<T>, more: usize) -> Result<()> {
    if values.capacity() - values.len() >= more {
        return Ok(());
    }
    grow(values, more)
}

#[cold]
fn grow<T>(values: &mut Vec<T>, more: usize) -> Result<()> {
    values
        .try_reserve(more)
        .or_else(|_| values.try_reserve_exact(more))
        .map_err(|_| lack::<T>(values.len(), more))
}

/// Returns an error unless so many bytes can be allocated now: for work that allocates piece by piece, in ways that cannot fail.
pub fn ask(bytes: usize) -> Result<()> {
    with_capacity::<u8>(bytes).map(drop)
}

/// Makes room for `more` bytes behind those that are there.
#[inline]
pub fn reserve_text(text: &mut String, more: usize) -> Result<()> {
    text.try_reserve(more).map_err(|_| lack::<u8>(text.len(), more))
}

/// Appends a value.
#[inline]
pub fn push<T>(values: &mut Vec<T>, value: T) -> Result<()> {
    reserve(values, 1)?;
    values.push(value);
    Ok(())
}

/// No values yet, and room for `count` of them.
pub fn with_capacity<T>(count: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| lack::<T>(0, count))?;
    Ok(values)
}

/// `count` zeros. The system hands zeroed pages out when they are first touched, which a thread of its own may do; but they cannot be asked
/// for fallibly, so the same room is asked for just before.
pub fn zeros(count: usize) -> Result<Vec<f64>> {
    with_capacity::<f64>(count).map(drop)?;
    Ok(vec![0.0; count])
}

/// Columns of so many zeros each. Looks at the monitor at each of them, so that no more than one is beyond what it allows.
pub fn columns(rows: usize, count: usize, monitor: &dyn Monitor) -> Result<Vec<Vec<f64>>> {
    let column = |_| monitor.check().and_then(|()| zeros(rows));
    (0..count).map(column).collect()
}

/// `count` times the same value.
pub fn filled<T: Clone>(value: T, count: usize) -> Result<Vec<T>> {
    let mut values = with_capacity(count)?;
    values.resize(count, value);
    Ok(values)
}

/// The error of so many values for which there is no room.
#[cold]
fn lack<T>(present: usize, more: usize) -> Error {
    Error::OutOfMemory {
        needed: present.saturating_add(more).saturating_mul(size_of::<T>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_has_is_an_error() {
        let most = isize::MAX as usize / 8;
        assert_eq!(filled(0_u64, most).err(), Some(Error::OutOfMemory { needed: most * 8 }));
        assert!(reserve(&mut vec![1_u8], isize::MAX as usize).is_err());
        assert!(reserve_text(&mut "a".into(), usize::MAX).is_err());
        let mut values = with_capacity(2).unwrap();
        push(&mut values, 'x').unwrap();
        assert_eq!(values, ['x']);
        assert_eq!(filled(7, 3).unwrap(), [7, 7, 7]);
    }
}

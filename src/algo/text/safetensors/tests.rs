use proptest::prelude::*;

use super::*;
use crate::monitor::Unwatched;

fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn problem(bytes: &[u8], shape: &[usize]) -> String {
    let numbers = Tensors::read(bytes).and_then(|tensors| tensors.numbers("a", shape, &Unwatched));
    numbers.unwrap_err().to_string()
}

#[test]
fn numbers_of_each_precision_are_read() {
    let header = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
        "b":{"dtype":"F16","shape":[1,4],"data_offsets":[8,16]},"c":{"dtype":"BF16","shape":[1],"data_offsets":[16,18]}}"#;
    let mut data = Vec::new();
    data.extend(1.5_f32.to_le_bytes());
    data.extend((-2.25_f32).to_le_bytes());
    // 1, -2, the smallest number there is, and 65504, the largest.
    data.extend([0x3c00_u16, 0xc000, 0x0001, 0x7bff].map(u16::to_le_bytes).concat());
    data.extend(0x3fc0_u16.to_le_bytes());
    let bytes = file(header, &data);
    let tensors = Tensors::read(&bytes).unwrap();
    assert_eq!(tensors.numbers("a", &[2], &Unwatched), Ok(vec![1.5, -2.25]));
    assert_eq!(
        tensors.numbers("b", &[1, 4], &Unwatched),
        Ok(vec![1.0, -2.0, 2.0_f32.powi(-24), 65504.0])
    );
    assert_eq!(tensors.numbers("c", &[1], &Unwatched), Ok(vec![1.5]));
    assert!(tensors.has("c") && !tensors.has("d"));
    assert_eq!(tensors.shape("b"), Some(&[1, 4][..]));
}

#[test]
fn what_lies_is_an_error_and_takes_no_memory() {
    let tensor = |dtype: &str, shape: &str, offsets: &str| {
        let header = format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#);
        file(&header, &f32::NAN.to_le_bytes())
    };
    let huge = [&(1_u64 << 60).to_le_bytes()[..], b"{}"].concat();
    for (bytes, shape, part) in [
        (huge, &[1][..], "1152921504606846976 bytes"),
        (vec![1, 2], &[1], "ends within its length"),
        ([&9_u64.to_le_bytes()[..], b"{}"].concat(), &[1], "and 2 follow"),
        (file("{", &[]), &[1], "its header"),
        (file("{}", &[]), &[1], "no tensor \"a\""),
        (tensor("F32", "[2]", "[0,4]"), &[1], "another shape"),
        (tensor("F32", "[2]", "[0,4]"), &[2], "bytes 0 to 4 of 4"),
        (tensor("F32", "[1]", "[4,0]"), &[1], "bytes 4 to 0"),
        (tensor("F32", "[1]", "[18446744073709551615,3]"), &[1], "to 3 of 4"),
        (
            tensor("F32", "[4294967296,4294967296]", "[0,4]"),
            &[1 << 32, 1 << 32],
            "bytes 0 to 4",
        ),
        (tensor("I64", "[1]", "[0,4]"), &[1], "type I64"),
        (tensor("F32", "[1]", "[0,4]"), &[1], "holds NaN"),
    ] {
        let found = problem(&bytes, shape);
        assert!(found.contains(part), "{found}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(header in "\\PC{0,80}", data in prop::collection::vec(any::<u8>(), 0..20)) {
        let bytes = file(&header, &data);
        if let Ok(tensors) = Tensors::read(&bytes) {
            let _ = tensors.numbers("a", &[1], &Unwatched);
        }
        let _ = Tensors::read(&data);
    }
}

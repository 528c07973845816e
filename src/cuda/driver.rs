//! The CUDA devices of this machine, from the library of NVIDIA's driver.

use std::ffi::{CStr, CString, c_char};

use serde::Serialize;

/// The name of the driver's library, which the system's linker finds.
pub const LIBRARY: &str = "libcuda.so.1";

/// The most devices that are read.
const CAPACITY: usize = 64;

/// The driver's view of the machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Driver {
    /// The latest version of CUDA that the driver supports.
    pub cuda: String,
    /// The devices, in the order of `cuda:N`.
    pub cards: Vec<Card>,
}

/// A CUDA device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// The name, such as `NVIDIA H200`.
    pub name: String,
    /// The memory, bytes.
    pub memory: u64,
    /// The compute capability, such as `9.0`.
    pub compute_capability: String,
}

impl Driver {
    /// Asks the driver's library at a path, or of a name that the system's linker finds.
    ///
    /// # Errors
    /// The first line of the reason: the library is not there, or a function of it is not, or fails.
    pub fn read(library: &str) -> Result<Driver, String> {
        let path = CString::new(library).map_err(|error| error.to_string())?;
        let mut version = 0;
        let mut cards = [RawCard::EMPTY; CAPACITY];
        let mut message = [0; 1024];
        // SAFETY: the arrays have the given lengths, and the last byte of the message is not written.
        let count = unsafe {
            lstm_lab_driver(
                path.as_ptr(),
                &mut version,
                cards.as_mut_ptr(),
                CAPACITY as i32,
                message.as_mut_ptr(),
                message.len(),
            )
        };
        let Ok(count) = usize::try_from(count) else { return Err(first_line(&text(&message))) };
        let cuda = format!("{}.{}", version / 1000, version % 1000 / 10);
        Ok(Driver { cuda, cards: cards[..count].iter().map(RawCard::read).collect() })
    }
}

/// Returns the memory in bytes of a device as libtorch counts them; `None` if the driver does not answer.
pub fn card_memory(index: i8) -> Option<u64> {
    let cards = Driver::read(LIBRARY).ok()?.cards;
    cards.get(usize::try_from(index).ok()?).map(|card| card.memory)
}

/// A device as C++ writes it.
#[repr(C)]
#[derive(Clone, Copy)]
struct RawCard {
    name: [c_char; 256],
    memory: u64,
    capability: [i32; 2],
}

impl RawCard {
    const EMPTY: RawCard = RawCard { name: [0; 256], memory: 0, capability: [0; 2] };

    fn read(&self) -> Card {
        let [major, minor] = self.capability;
        Card { name: text(&self.name), memory: self.memory, compute_capability: format!("{major}.{minor}") }
    }
}

/// The text in a buffer that was zeroed before C++ wrote into it.
fn text(buffer: &[c_char]) -> String {
    let bytes: Vec<u8> = buffer.iter().map(|byte| *byte as u8).collect();
    CStr::from_bytes_until_nul(&bytes).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_string()
}

// Defined in driver.cpp.
unsafe extern "C" {
    fn lstm_lab_driver(
        path: *const c_char,
        version: *mut i32,
        cards: *mut RawCard,
        capacity: i32,
        message: *mut c_char,
        message_size: usize,
    ) -> i32;
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A driver with two devices, whose function `failing` returns the error 3.
    fn stand_in(dir: &std::path::Path, failing: &str) -> String {
        let source = dir.join("driver.c");
        let code = format!(
            r#"
            #include <stddef.h>
            #include <stdio.h>
            #include <string.h>
            static int code(const char* name) {{ return strcmp(name, "{failing}") ? 0 : 3; }}
            int cuDriverGetVersion(int* version) {{ *version = 13010; return code(__func__); }}
            int cuInit(unsigned flags) {{ return flags ? 1 : code(__func__); }}
            int cuDeviceGetCount(int* count) {{ *count = 2; return code(__func__); }}
            int cuDeviceGet(int* device, int index) {{ *device = 10 + index; return code(__func__); }}
            int cuDeviceGetName(char* name, int size, int device) {{
                snprintf(name, size, "card %d", device); return code(__func__); }}
            int cuDeviceTotalMem_v2(size_t* bytes, int device) {{
                *bytes = (size_t) device << 30; return code(__func__); }}
            int cuDeviceGetAttribute(int* value, int attribute, int device) {{
                *value = attribute == 75 ? device : attribute == 76 ? 5 : -1; return code(__func__); }}
            "#
        );
        std::fs::write(&source, code).unwrap();
        let library = dir.join(format!("libdriver{failing}.so"));
        let mut command = Command::new("cc");
        let built = command.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status().unwrap();
        assert!(built.success());
        library.to_str().unwrap().to_string()
    }

    #[test]
    fn read_lists_the_devices_of_the_library() {
        let dir = tempfile::tempdir().unwrap();
        let card = |name: &str, gib: u64, capability: &str| Card {
            name: name.into(),
            memory: gib << 30,
            compute_capability: capability.into(),
        };
        let cards = vec![card("card 10", 10, "10.5"), card("card 11", 11, "11.5")];
        let found = Driver::read(&stand_in(dir.path(), ""));
        assert_eq!(found, Ok(Driver { cuda: "13.1".into(), cards }));
    }

    #[test]
    fn read_names_the_function_that_fails_and_the_library_that_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["cuInit", "cuDeviceGetName", "cuDeviceGetAttribute"] {
            let error = Driver::read(&stand_in(dir.path(), name)).unwrap_err();
            assert_eq!(error, format!("{name}: CUDA error 3"));
        }
        let error = Driver::read("libabsent.so.7").unwrap_err();
        assert!(error.contains("libabsent.so.7"), "{error}");
    }
}

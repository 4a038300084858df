//! Compiles the window's configuration, icons and permissions into the binary.
//! Without the feature `desktop` there is no window, and nothing to do.

#[cfg(feature = "desktop")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use tauri_build::{AppManifest, Attributes};

    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    let permissions = AppManifest::new().permissions_path_pattern("./src-tauri/permissions/**/*.toml");
    let attributes = Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(permissions);
    tauri_build::try_build(attributes).map_err(Into::into)
}

#[cfg(not(feature = "desktop"))]
fn main() {}

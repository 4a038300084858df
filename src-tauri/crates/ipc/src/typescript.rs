//! Writes the window's TypeScript: one file a type, and the table of commands.

use crate::commands;
use crate::wire::{Changed, IpcError};
use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use ts_rs::{Config, TS, TypeVisitor};

/// File name → text of everything in `ui/src/ipc/generated`.
#[must_use]
pub fn generate() -> BTreeMap<String, String> {
    let config = Config::new().with_large_int("number");
    let mut files = Files { config: &config, seen: HashSet::new(), files: BTreeMap::new() };
    let rows = commands::schema(&config, &mut files);
    files.visit::<Changed>();
    files.visit::<IpcError>();
    let mut files = files.files;
    let names: Vec<String> = files
        .keys()
        .filter_map(|file| file.strip_suffix(".ts"))
        .filter(|name| rows.split(|c: char| !c.is_alphanumeric()).any(|word| word == *name))
        .map(|name| format!("import type {{ {name} }} from \"./{name}\";\n"))
        .collect();
    files.insert(
        "IpcSchema.ts".to_owned(),
        format!("{}\nexport type IpcSchema = {{\n{rows}}};\n", names.concat()),
    );
    files
}

struct Files<'a> {
    config: &'a Config,
    seen: HashSet<TypeId>,
    files: BTreeMap<String, String>,
}

impl TypeVisitor for Files<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        if T::output_path().is_some() {
            let mut imports = Imports { config: self.config, own: T::ident(self.config), names: Vec::new() };
            T::visit_dependencies(&mut imports);
            imports.names.sort();
            imports.names.dedup();
            let mut text: String = imports
                .names
                .iter()
                .map(|name| format!("import type {{ {name} }} from \"./{name}\";\n"))
                .collect();
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!("export {}\n", T::decl(self.config)));
            self.files.insert(format!("{}.ts", T::ident(self.config)), text);
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

/// The named types one type is made of.
struct Imports<'a> {
    config: &'a Config,
    own: String,
    names: Vec<String>,
}

impl TypeVisitor for Imports<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_some() {
            let name = T::ident(self.config);
            if name != self.own {
                self.names.push(name);
            }
        } else {
            T::visit_generics(self);
        }
    }
}

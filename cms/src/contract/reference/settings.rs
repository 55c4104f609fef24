//! Every setting of every command, as its help tells it.

use std::collections::BTreeMap;

use clap::{Arg, Command};

use super::cell;

pub(super) fn page(command: &Command) -> String {
    let mut settings = BTreeMap::new();
    collect(command, &mut Vec::new(), &mut settings);
    let mut out =
        "# Settings of `cms`\n\nWritten by `cms docs`. A flag wins over the environment, \
                   which wins over `.env` files.\n\n\
                   | variable | flag | default | commands | what it does |\n|---|---|---|---|---|\n"
            .to_owned();
    for (name, setting) in settings {
        out.push_str(&setting.row(&name));
    }
    out
}

struct Setting {
    flag: String,
    default: String,
    help: String,
    commands: Vec<String>,
}

impl Setting {
    fn of(arg: &Arg) -> Self {
        let long = arg.get_long().map(|long| format!("`--{long}`"));
        let default = arg.get_default_values().iter().map(|value| value.to_string_lossy());
        let default = default.collect::<Vec<_>>().join(",");
        Self {
            flag: long.unwrap_or_default(),
            default: if default.is_empty() { default } else { format!("`{default}`") },
            help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
            commands: Vec::new(),
        }
    }

    fn row(&self, name: &str) -> String {
        // Those of nearly every command need no list.
        let commands = if self.commands.len() > MOST_NAMED {
            "most".to_owned()
        } else {
            self.commands.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        let (flag, default, help) = (&self.flag, cell(&self.default), cell(&self.help));
        format!("| `{name}` | {flag} | {default} | {commands} | {help} |\n")
    }
}

const MOST_NAMED: usize = 6;

fn collect(command: &Command, path: &mut Vec<String>, settings: &mut BTreeMap<String, Setting>) {
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let Some(name) = arg.get_env() else { continue };
        let name = name.to_string_lossy().into_owned();
        let setting = settings.entry(name).or_insert_with(|| Setting::of(arg));
        setting.commands.push(path.join(" "));
    }
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        path.push(sub.get_name().to_owned());
        collect(sub, path, settings);
        path.pop();
    }
}

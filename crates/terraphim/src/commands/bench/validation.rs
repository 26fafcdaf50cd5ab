//! What it costs that a program is looked at before it runs: a program of 60
//! lines of which none is executed, against one that is as good as empty.

use std::fmt::Write;

use terraphim_types::Language;

use super::{
    figure::{Figure, Promise, median},
    scene::{Code, Scene},
};
use crate::error::CliError;

const LINES: usize = 60;

/// A program that has many lines and executes none of them, and one without them.
fn programs(language: Language) -> (String, &'static str) {
    let mut many = String::new();
    let mut add = |line: std::fmt::Arguments<'_>| many.write_fmt(line).unwrap_or_default();
    match language {
        Language::Python => {
            add(format_args!("from mcp_servers import bench\nnever = False\nif never:\n"));
            for n in 0..LINES / 3 {
                add(format_args!("    kept{n} = [item['n'] * {n} for item in range({n}) if item]\n"));
                add(format_args!("    reply{n} = bench.echo(n={n}, text=f'{{kept{n}!r}} of {n}')\n"));
                add(format_args!("    print(sorted(reply{n}['items'], key=lambda item: item['n'])[:3])\n"));
            }
            add(format_args!("result = 1\n"));
            (many, "from mcp_servers import bench\nresult = 1\n")
        }
        Language::Bash => {
            add(format_args!("if false; then\n"));
            for n in 0..LINES / 3 {
                add(format_args!("  reply{n}=$(mcp call bench.echo n:={n} | jq -r '.n + {n}')\n"));
                add(format_args!(
                    "  for item in $reply{n}; do printf '%s\\n' \"${{item%%.*}}\"; done | sort -u\n"
                ));
                add(format_args!("  [[ $reply{n} == *{n}* ]] && echo \"$((reply{n} * {n}))\" >> kept.txt\n"));
            }
            add(format_args!("fi\necho 1\n"));
            (many, "echo 1\n")
        }
        _ => {
            add(format_args!(
                "import {{ bench }} from 'mcp-servers';\nconst never: boolean = false;\nif (never) {{\n"
            ));
            for n in 0..LINES / 3 {
                add(format_args!("  const kept{n}: number[] = [1, 2, {n}].map((n: number) => n * {n});\n"));
                add(format_args!(
                    "  const reply{n} = await bench.echo({{ n: {n}, text: `${{kept{n}}} of {n}` }});\n"
                ));
                add(format_args!(
                    "  console.log(Object.keys(reply{n}).filter(key => key !== 'n').slice(0, 3));\n"
                ));
            }
            add(format_args!("}}\nreturn 1;\n"));
            (many, "import { bench } from 'mcp-servers';\nreturn 1;\n")
        }
    }
}

/// Milliseconds that 60 lines cost before the first one is executed.
pub(crate) async fn cost(
    scene: &Scene,
    language: Language,
    runs: usize,
    (name, promise): (&'static str, f64),
) -> Result<Figure, CliError> {
    let (many, few) = programs(language);
    let few = scene.times(Code::of(language, few), runs).await?;
    let many = scene.times(Code::of(language, &many), runs).await?;
    Ok(Figure::of(name, "ms", &[median(&many) - median(&few)], Promise::AtMost(promise)))
}

#[xpm::main]
async fn asynchronous() {}

#[xpm::main]
fn arguments(args: Vec<String>) {}

#[xpm::main(port = 3)]
fn options() {}

#[xpm::main]
struct NotAFunction;

fn main() {}

//! Every HTTP route there is, listed where it is named: the routers take their paths from here, and so does the attack
//! that tries to approve through each of them (`tests/ceremony/routes.rs`). A path written into a router by itself
//! fails a test of `tests/architecture.rs`.

macro_rules! routes {
    ($(#[$about:meta])* $list:ident { $($name:ident = $path:literal;)* }) => {
        $(pub(crate) const $name: &str = $path;)*
        $(#[$about])*
        pub const $list: &[&str] = &[$($path),*];
    };
}

routes! {
    /// On loopback, for agents. The first is on the home's socket as well.
    AGENTS_PORT {
        MCP = "/mcp/{upstream}";
        HOLD = "/hold/{hold}";
    }
}

routes! {
    /// On the home's Unix socket, for the command line and `doorward connect`.
    SOCKET {
        LINES = "/mcp/{upstream}/lines";
        STATUS = "/desk/v1/status";
        AGENTS = "/desk/v1/agents";
        REMOVE_AGENT = "/desk/v1/agents/remove";
        AGENT_WAIT = "/desk/v1/agents/wait";
        UPSTREAMS = "/desk/v1/upstreams";
        REMOVE_UPSTREAM = "/desk/v1/upstreams/remove";
        CONNECT = "/desk/v1/connect";
        CHANGED_TOOLS = "/desk/v1/changed-tools";
        SECOND_START = "/desk/v1/second-start";
    }
}

routes! {
    /// On a ceremony's own port, below its secret address.
    CEREMONY {
        PAGE = "/{token}";
        STYLE = "/{token}/page.css";
        SCRIPT = "/{token}/page.js";
        STEP = "/{token}/step";
    }
}

// An answer that is a JSON-RPC error, with the HTTP status it travels under.

export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL = -32603;
export const HEADER_MISMATCH = -32020;
export const MISSING_CAPABILITY = -32021;
export const UNSUPPORTED_VERSION = -32022;

export class Refused extends Error {
  constructor(code, message, { status = 200, data } = {}) {
    super(message);
    this.status = status;
    this.error = data === undefined ? { code, message } : { code, message, data };
  }
}

export const invalid = (message, data) => new Refused(INVALID_PARAMS, message, { data });

export const lacking = (requiredCapabilities) =>
  new Refused(MISSING_CAPABILITY, "The client did not declare a capability that this needs", {
    status: 400,
    data: { requiredCapabilities },
  });

export type GatewayState = { "state": "on", listen: string, } | { "state": "off", message: string, hint: string, };

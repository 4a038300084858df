export function smallPng(picture: { width: number; height: number; data: Uint8Array }): Buffer;

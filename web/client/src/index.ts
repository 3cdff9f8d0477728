/** PosBus client library: see the README of the project, "Write a client". */

export { systemClock, type Clock } from './clock.js';
export * from './client.js';
export { CloseCode, isFinal } from './close-codes.js';
export { Crowd } from './crowd.js';
export * from './interpolation.js';
export * from './media.js';
export * from './messages/frame.js';
export type { ObjectData, ObjectDefinition } from './messages/objects.js';
export type { Body, Message, MessageType } from './messages/registry.js';
export { SignalType } from './messages/session.js';
export * from './messages/space.js';
export { PoseSender } from './pose-sender.js';
export {
  ApiError,
  createObject,
  guestToken,
  quicInfo,
  setAttribute,
  type Guest,
  type NewObject,
  type QuicInfo,
} from './rest.js';
export { Connection, DEFAULT_BACKOFF, type BackoffOptions } from './connection.js';
export { Deframer, withLength } from './transport/framing.js';
export * from './transport/transport.js';
export { dialWebSocket, posbusUrl, type WebSocketConstructor } from './transport/websocket.js';
export { dialWebTransport, hasWebTransport } from './transport/webtransport.js';
export { toRadians, toSteps, toUnits } from './v2/quantise.js';
export type { Welcome } from './v2/welcome.js';
export { FrameError } from './wire/error.js';
export { newId, NIL_ID, type Id } from './wire/id.js';

/** Units of 1/64 m and angles of 1/512 turn (docs/protocol.md, Quantisation). */

/** Units in a metre; one is 1.5625 cm, so the error is at most 0.8 cm. */
export const UNITS_PER_METRE = 64;

/** Steps in a turn; the error is at most 0.36°. */
export const ANGLE_STEPS = 512;

const MAX_UNITS = 2 ** 29;
const STEP = (2 * Math.PI) / ANGLE_STEPS;

/** Metres to units, half away from zero, clamped to ±2^29. */
export function toUnits(metres: number): number {
  return Math.max(-MAX_UNITS, Math.min(MAX_UNITS, roundAway(metres * UNITS_PER_METRE)));
}

/** Radians to steps from 0 to 511, half away from zero. */
export function toSteps(radians: number): number {
  const steps = roundAway(radians / STEP) % ANGLE_STEPS;
  return steps < 0 ? steps + ANGLE_STEPS : steps;
}

/** Steps to radians in [−π, π). */
export function toRadians(steps: number): number {
  return (steps < ANGLE_STEPS / 2 ? steps : steps - ANGLE_STEPS) * STEP;
}

function roundAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

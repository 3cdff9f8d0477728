/** `Promise.withResolvers`, which Helia uses and nodejs has from version 22 on. */
Promise.withResolvers ??= function withResolvers() {
  const parts = {};
  parts.promise = new this((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};

// serve.js PACKAGE CONFIG PORT_FILE: one verdaccio, on a port of 127.0.0.1 that the kernel picks.
//
// PORT_FILE appears, whole, once it listens. Ends on SIGTERM.
'use strict';
const fs = require('node:fs');

const [packageName, configFile, portFile] = process.argv.slice(2);
const { runServer } = require(packageName);

runServer(configFile).then(
  (server) => {
    server.listen(0, '127.0.0.1', () => {
      fs.writeFileSync(`${portFile}.new`, `${server.address().port}\n`);
      fs.renameSync(`${portFile}.new`, portFile);
    });
    process.on('SIGTERM', () => process.exit(0));
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);

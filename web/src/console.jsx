// The console: every call, the bots that answer, what was used, and the keys.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Bots } from "./console/bots.jsx";
import { Call } from "./console/call.jsx";
import { Calls } from "./console/calls.jsx";
import { Editor } from "./console/editor.jsx";
import { Keys } from "./console/keys.jsx";
import { Usage } from "./console/usage.jsx";
import { SignIn, Top, useSession } from "./shared/frame.jsx";
import { takeTokenFromAddress } from "./shared/session.js";
import { mayLeave } from "./shared/unsaved.js";
import { t } from "./shared/words.js";

takeTokenFromAddress();

const ROOMS = { calls: [Calls, Call], bots: [Bots, Editor], usage: [Usage], keys: [Keys] };

function route() {
  const [room, id] = location.hash.replace(/^#\/?/, "").split("/");
  return { room: room in ROOMS ? room : "calls", id: id && decodeURIComponent(id) };
}

function Console() {
  const { signedIn, holder, entered, signOut } = useSession();
  const { room, id } = useRoute();
  const names = Object.keys(ROOMS);
  const links = [["/", t("talk"), false], ...names.map((name) => [`#/${name}`, t(name), signedIn && name === room])];
  const [List, One] = ROOMS[room];
  // What is written there waits behind the sign-in form; but a key is kept nowhere.
  const stays = signedIn || (holder && room !== "keys");
  return (
    <>
      <Top links={links} onSignOut={signedIn ? signOut : undefined} />
      {!signedIn && <SignIn onDone={entered} expired={Boolean(holder)} />}
      {stays && (
        <main key={holder} id={signedIn ? "main" : undefined} tabindex="-1" class="room" hidden={!signedIn}>
          {id && One ? <One key={id} id={id} /> : <List />}
        </main>
      )}
    </>
  );
}

function useRoute() {
  const [known, setKnown] = useState(route);
  useEffect(() => {
    const look = ({ oldURL }) => {
      if (!mayLeave()) return history.replaceState(null, "", oldURL);
      setKnown(route());
      scrollTo(0, 0);
      document.getElementById("main")?.focus({ preventScroll: true });
    };
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  useEffect(() => {
    document.title = `Callbox · ${t(known.room)}`;
  }, [known.room]);
  return known;
}

render(<Console />, document.getElementById("page"));

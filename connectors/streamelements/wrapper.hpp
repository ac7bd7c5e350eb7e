#pragma once

#include "connectors/json/json_parts.hpp"
#include "connectors/streamelements/normaliser.hpp"

// Some messages hold an activity inside another object, as `{"listener":"event","event":{"type":"tip","data":{…}}}`.
// The content is believed over its wrapper. Pure. Thread: any. Views as in the Emission, which comes from compact text.

namespace tributary::connectors::streamelements {

/// A whole activity: it has a type and data.
bool is_activity(const ActivityHead& envelope);

/// Takes off what stands around an activity, or around the facts of a test, in any number of layers. What the layers
/// say of their own and the content does not (`channel`, `createdAt`, …) is the content's; the rest goes to
/// `emission.around`. An `isMock` of any layer counts.
void take_off_wrappers(JsonParts& parts, Emission& emission);

/// The same around a value of the session, `{"name":…,"data":…}`.
void take_off_state_wrappers(JsonParts& parts, Emission& emission);

}  // namespace tributary::connectors::streamelements

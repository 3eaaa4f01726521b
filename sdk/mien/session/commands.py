"""All commands: pure functions from a document, and what is asked, to a changed document.

session.apply("Key the smile", lambda d: set_key(d, shot, 1, "mouthSmile", 24, 0.6))
"""

from mien.session.insert import insert_key as insert_key
from mien.session.keys import EASES as EASES
from mien.session.keys import Clipboard as Clipboard
from mien.session.keys import Ease as Ease
from mien.session.keys import Edited as Edited
from mien.session.keys import copy_keys as copy_keys
from mien.session.keys import delete_keys as delete_keys
from mien.session.keys import duplicate_keys as duplicate_keys
from mien.session.keys import ease as ease
from mien.session.keys import move_keys as move_keys
from mien.session.keys import paste_keys as paste_keys
from mien.session.keys import scale_keys as scale_keys
from mien.session.keys import set_handles as set_handles
from mien.session.keys import set_interpolation as set_interpolation
from mien.session.keys import set_key as set_key
from mien.session.keys import set_keys_value as set_keys_value
from mien.session.layers import add_layer as add_layer
from mien.session.layers import add_track as add_track
from mien.session.layers import move_layer as move_layer
from mien.session.layers import remove_layer as remove_layer
from mien.session.layers import remove_track as remove_track
from mien.session.layers import remove_tracks as remove_tracks
from mien.session.layers import rename_layer as rename_layer
from mien.session.layers import set_layer as set_layer
from mien.session.layers import set_track as set_track
from mien.session.modifiers import NEUTRAL as NEUTRAL
from mien.session.modifiers import Modifier as Modifier
from mien.session.modifiers import key_modifier as key_modifier
from mien.session.modifiers import set_modifier as set_modifier
from mien.session.shots import add_marker as add_marker
from mien.session.shots import add_shot as add_shot
from mien.session.shots import move_marker as move_marker
from mien.session.shots import move_shot as move_shot
from mien.session.shots import remove_marker as remove_marker
from mien.session.shots import remove_shot as remove_shot
from mien.session.shots import rename_face as rename_face
from mien.session.shots import rename_marker as rename_marker
from mien.session.shots import rename_shot as rename_shot
from mien.session.shots import replace_shot as replace_shot
from mien.session.shots import set_reference as set_reference
from mien.session.shots import set_span as set_span
from mien.session.sliders import Way as Way
from mien.session.sliders import linked as linked
from mien.session.sliders import mirror as mirror
from mien.session.sliders import partner as partner
from mien.session.sliders import restore as restore
from mien.session.sliders import toggle_key as toggle_key
from mien.session.values import copy_expression as copy_expression
from mien.session.values import expression_at as expression_at
from mien.session.values import reset as reset
from mien.session.values import set_expression as set_expression
from mien.session.values import set_track_value as set_track_value
from mien.session.values import set_value as set_value

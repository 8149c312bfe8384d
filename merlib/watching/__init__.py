"""A live video: faces tracked, their motion kept, micro-expressions spotted, classified and drawn.

``video`` reads frames, ``tracking`` follows faces, ``aligned`` cuts each face alike, ``motion`` measures how its
regions move, ``spotting`` finds events in that, ``classifying`` names them with a model that is handed in,
``drawing`` shows them; ``watcher`` puts the stages together, ``output`` writes what was seen.
"""
